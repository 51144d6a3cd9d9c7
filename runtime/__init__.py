import warnings

# Connexion imports Starlette's test client, which would rather have another HTTP client; we use neither.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
