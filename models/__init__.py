"""The economy: parameters, schedules and the step, without files, network, clock or interface."""
