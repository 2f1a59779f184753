"""What every test shares."""

from hypothesis import settings

# The same examples everywhere, and no verdict on a machine's speed; `--hypothesis-profile=default` explores.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("fixed")
