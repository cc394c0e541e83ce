"""The pages of the applicant side, by topic."""
