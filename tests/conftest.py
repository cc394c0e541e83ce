"""What every test may use. The servers and databases are plugins beside this file."""
