"""Resources of the API: what those of every app share, and authorities, agencies, communes, villages."""
