"""What a good Python team would write instead. Those with ``app`` run under uvicorn and read settings of PEER_…."""

SECRET = "a-secret-of-the-rivals-0123456789-abcdef"
