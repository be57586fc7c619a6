"""Store agents: enrolment, heartbeat, replica."""
