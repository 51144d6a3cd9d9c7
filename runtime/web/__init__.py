import sys

# jsonschema, which Connexion imports, looks for a grammar of IRIs that tools of development bring along: to import it
# takes a second and a half and 15 MB, and nothing of ours has a value of that format.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
