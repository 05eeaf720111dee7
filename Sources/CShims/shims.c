#include "bell_shims.h"
