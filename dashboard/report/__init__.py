"""Reports to read and print: one page that fetches nothing, as HTML or PDF."""
