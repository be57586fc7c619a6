"""V5 agent."""
