"""What the site shows to everybody: pages, the blog, help, questions and announcements."""
