"""The sale-time operations as SOAP."""
