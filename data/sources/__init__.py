"""Where observations come from: files given by the reader, and live sources."""
