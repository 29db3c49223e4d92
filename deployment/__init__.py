"""What happens around `pulumi up`: packages, checks of the account, client configuration."""
