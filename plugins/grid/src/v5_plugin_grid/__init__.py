"""V5 adapter for grid."""
