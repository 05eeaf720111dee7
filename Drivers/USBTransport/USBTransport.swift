import BellModel
