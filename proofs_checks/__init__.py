"""One file a result: its theorem as claims, its proof link by link, its checks and its mutants."""
