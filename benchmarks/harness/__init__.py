"""What every measurement shares: servers, load, databases, statistics, report."""
