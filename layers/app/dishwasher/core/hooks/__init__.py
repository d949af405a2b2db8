"""Webhook payloads of one kind each → what they mean, read leniently."""
