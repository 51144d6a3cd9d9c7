"""What the site shows to everybody: pages, the blog, help, questions and announcements."""

from domain.config_keys import UrlKey

CANONICAL_BASE_URL = UrlKey(
    "seo.canonical_base_url", "https://bio.re", "Address of the public site, which links to its content begin with."
)
