#include "bell_kernels.h"
