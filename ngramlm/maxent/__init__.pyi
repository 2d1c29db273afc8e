from ngramlm.maxent.class_method import ClassMaxEnt as ClassMaxEnt
from ngramlm.maxent.class_model import ClassMaxEntModel as ClassMaxEntModel
from ngramlm.maxent.ngram_method import MaxEnt as MaxEnt
from ngramlm.maxent.text_method import TextMaxEnt as TextMaxEnt
from ngramlm.maxent.text_model import MaxEntModel as MaxEntModel
