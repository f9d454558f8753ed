/* The one header of the phone core, where the package's search path has it. */
#include <doorstep/doorstep.h>
