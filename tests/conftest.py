"""What every test shares."""

from hypothesis import settings

# The same examples on every machine, and no verdict on how fast it is; `--hypothesis-profile=default` explores.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("fixed")
