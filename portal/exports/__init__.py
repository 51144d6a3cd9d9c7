"""The contract for other tools: Markdown, language models, Postman, an enriched OpenAPI document."""
