"""What can be asked, and how each answer is found or made: the rooms behind dashboard/answers.py."""
