"""The pages' calls of the service and its workers, cached for all visitors."""
