"""Families of providers, such as mail or payments. Which provider of a family is asked is read anew at every call."""
