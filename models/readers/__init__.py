"""What each reader asks, in their own units: functions from results to frames (SPEC section 7)."""
