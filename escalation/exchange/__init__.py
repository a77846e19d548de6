"""The directory as files: teams and people as CSV and vCard, out and in again without a change."""
