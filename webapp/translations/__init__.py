"""The languages of the product, one folder each; English is the language of the source."""
