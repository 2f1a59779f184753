"""One file a page: what stands where, and nothing else. Arithmetic, text and figures come from elsewhere."""
