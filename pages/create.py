"""The first page: a photo, a style, a painting. With `?job=` in its address it shows that painting, under way or finished."""

import streamlit as st

from nst.ui.create import show_form
from nst.ui.frame import open_page
from nst.ui.job import show_job

with open_page("create") as visit:
    if job_id := st.query_params.get("job"):
        show_job(visit, job_id)
    else:
        show_form(visit)
