"""What pages ask of the service and its workers, remembered for all visitors."""
