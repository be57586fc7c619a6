"""Small tools that every feature shares: settings, database, tenant guard, problems, wire JSON, cursors."""
