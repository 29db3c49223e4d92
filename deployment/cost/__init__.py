"""What a stack costs: the tables of docs/cost.md.

Quantities come from the recorded resource graph of each stack and from the recorded demo
(docs/diagrams/flows.json); what neither can say is an assumption with a name. Prices are list prices
of us-east-1 without free tiers, each with the source it was read in.
"""
