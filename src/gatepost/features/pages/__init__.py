"""The pages that links of mails lead to, where the application has none of its own."""
