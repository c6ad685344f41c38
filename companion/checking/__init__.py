"""Does the data fit the model?"""
