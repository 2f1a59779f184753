"""Parts of pages: what several pages share, or what is a room of its own."""
