"""Charts, one file a page or question: frames go in, figures with their words come out."""
