"""The forms of the applicant side."""
