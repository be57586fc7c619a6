"""Tenants, companies and stores."""
