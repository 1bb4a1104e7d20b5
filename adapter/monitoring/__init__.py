"""The use case: the live picture, who may do what, and the actions on supervisors' legs."""
