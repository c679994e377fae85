"""What the pages share; not pages themselves."""
