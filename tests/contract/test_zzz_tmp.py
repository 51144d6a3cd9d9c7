from tests.contract.test_zz_reached import *  # noqa
