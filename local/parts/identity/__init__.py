"""A Cognito-like issuer: sign-in of people, machine tokens, published keys."""
