"""Takes over into the database what earlier versions kept in files beside the runs."""
