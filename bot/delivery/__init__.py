"""Delivery: reconciles the cards on each platform with the stories and the chats' rules."""
