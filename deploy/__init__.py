"""What it takes to run the playground elsewhere: checks for a Space, and replicas behind one address."""
