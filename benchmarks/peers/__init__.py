"""What a good Python team would write instead. Each is a uvicorn application that reads its settings from PEER_…"""
