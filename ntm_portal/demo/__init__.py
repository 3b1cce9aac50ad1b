"""Demonstration data: people, two rounds, evidence and a notice, made through the services that people use.

What happens is told as data in `data/`; which figures follow from it, the portal computes. Invented are all
names but one, all values, all documents of communes and the villages; pages call it "dữ liệu trình diễn".
"""
