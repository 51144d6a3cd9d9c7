"""The developer portal: static pages made from the contract. No sentence about an endpoint stands here."""
